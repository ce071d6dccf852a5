{#-
    Written by `python -m kpi.contracts.derive` from kpi/contracts/*.yml; edit the contracts, not this file.
    It stands here as a macro, for that is there in every way a model is compiled: the seeds, which know the columns
    too, are off while a landing directory is named.
-#}

{# What models ask of the contracts: title, columns and enumerations of each export, and whether a metric needs it. #}
{% macro contracts() -%}
    {{ return({
        'ingest__rejected_rows': {
            'title': 'kpi ingest 未能接入的行',
            'columns': [
                'export_name', 'problem_column', 'problem_value', 'problem_reason', '_source_file', '_source_row',
                '_exported_at'
            ],
            'values': {
            },
            'null_likes': none,
            'feeds_metrics': false,
        },
        'kuaituantuan__activities': {
            'title': '快团团 团购活动',
            'columns': [
                'activity_no', 'activity_title', 'status', 'start_at', 'end_at', 'min_participants',
                'goods_external_id', 'chat_id', '_source_file', '_source_row', '_exported_at'
            ],
            'values': {
                'status': ['-10', '-5', '1', '20', '30'],
            },
            'null_likes': none,
            'feeds_metrics': true,
        },
        'kuaituantuan__order_lines': {
            'title': '快团团 订单商品明细',
            'columns': [
                'order_sn', 'sub_order_sn', 'goods_external_id', 'goods_name', 'goods_number', 'goods_price',
                'goods_amount', 'already_cancel_number', 'is_gift', '_source_file', '_source_row', '_exported_at'
            ],
            'values': {
                'is_gift': ['0', '1'],
            },
            'null_likes': none,
            'feeds_metrics': true,
        },
        'kuaituantuan__orders': {
            'title': '快团团 跨团订单',
            'columns': [
                'order_sn', 'activity_no', 'participate_no', 'supply_activity_no', 'supply_participate_no',
                'is_supplier', 'help_sell_open_id', 'open_id', 'order_amount', 'shipping_amount', 'discount_amount',
                'platform_discount_amount', 'theoretical_refund_amount', 'after_sales_status', 'cancel_status',
                'mall_activity_type', 'confirm_at', 'updated_at', '_source_file', '_source_row', '_exported_at'
            ],
            'values': {
                'is_supplier': ['0', '1'],
                'after_sales_status': ['0', '1', '2', '3', '4', '6', '7', '8', '9'],
                'cancel_status': ['0', '1'],
                'mall_activity_type': ['0', '1', '2'],
            },
            'null_likes': none,
            'feeds_metrics': true,
        },
        'kuaituantuan__sheet_orders': {
            'title': '快团团 跨团订单表格',
            'columns': [
                '跟团号', '支付时间', '订单金额', '退款金额', '订单状态', '商品', '商品种类数', '自提点', '联系电话', '_source_file', '_source_row',
                '_exported_at'
            ],
            'values': {
                '订单状态': ['待支付', '已支付', '已发货', '已送达', '已取消', '已退款'],
            },
            'null_likes': none,
            'feeds_metrics': false,
        },
        'manual__campaign_phases': {
            'title': '人工台账 活动阶段',
            'columns': [
                'campaign_id', '阶段', '开始时间', '结束时间', '_source_file', '_source_row', '_exported_at'
            ],
            'values': {
                '阶段': ['预热', '开团', '结团', '追单'],
            },
            'null_likes': none,
            'feeds_metrics': true,
        },
        'manual__campaigns': {
            'title': '人工台账 活动台账',
            'columns': [
                'campaign_id', '活动名称', '活动类型', 'chat_id', '开始时间', '结束时间', '_source_file', '_source_row',
                '_exported_at'
            ],
            'values': {
                '活动类型': ['快闪群', '团购', '直播', '入群诱饵', '知识付费', '私聊', '会员日'],
            },
            'null_likes': none,
            'feeds_metrics': true,
        },
        'manual__channels': {
            'title': '人工台账 渠道码台账',
            'columns': [
                'state', 'channel_id', 'channel_name', 'channel_type', 'source_system', 'source_id', 'chat_id',
                '_source_file', '_source_row', '_exported_at'
            ],
            'values': {
                'channel_type': ['paid_ads', 'private_link', 'offline', 'referral', 'content'],
                'source_system': ['tencent_ads', 'oceanengine', 'wecom_link'],
            },
            'null_likes': none,
            'feeds_metrics': true,
        },
        'manual__communities': {
            'title': '人工台账 社群台账',
            'columns': [
                'chat_id', 'community_name', 'community_type', 'community_family', 'promo_code', '_source_file',
                '_source_row', '_exported_at'
            ],
            'values': {
                'community_type': ['welfare', 'brand_fan', 'flash', 'group_buy', 'knowledge', 'vip'],
            },
            'null_likes': none,
            'feeds_metrics': true,
        },
        'manual__costs': {
            'title': '人工台账 费用登记',
            'columns': [
                '费用编号', '开始日期', '结束日期', '费用类型', '社群', '渠道', '活动', '金额', '备注', '_source_file', '_source_row',
                '_exported_at'
            ],
            'values': {
                '费用类型': ['入群礼', '引流品', '红包', '奖品', '人工', '工具'],
            },
            'null_likes': none,
            'feeds_metrics': true,
        },
        'manual__courses': {
            'title': '人工台账 课程台账',
            'columns': [
                'course_id', '课程名称', '体验群', '会员群', '开课日期', '结课日期', '_source_file', '_source_row', '_exported_at'
            ],
            'values': {
            },
            'null_likes': none,
            'feeds_metrics': true,
        },
        'manual__member_roles': {
            'title': '人工台账 特殊成员名单',
            'columns': [
                'member_key', 'role', '_source_file', '_source_row', '_exported_at'
            ],
            'values': {
                'role': ['shill', 'kol', 'test'],
            },
            'null_likes': none,
            'feeds_metrics': true,
        },
        'manual__products': {
            'title': '人工台账 商品台账',
            'columns': [
                'product_id', '商品名称', '类目', '商品角色', '单位成本', '_source_file', '_source_row', '_exported_at'
            ],
            'values': {
                '商品角色': ['引流', '走量', '明星', '利润'],
            },
            'null_likes': none,
            'feeds_metrics': true,
        },
        'manual__profiling_choices': {
            'title': '人工台账 画像选择登记',
            'columns': [
                '客户', '选择', '生效日期', '备注', '_source_file', '_source_row', '_exported_at'
            ],
            'values': {
                '选择': ['拒绝', '同意'],
            },
            'null_likes': none,
            'feeds_metrics': true,
        },
        'manual__surveys': {
            'title': '人工台账 问卷台账',
            'columns': [
                '问卷编号', '问卷名称', '社群', '发放日期', '发放份数', '满意度题号', '推荐题号', '_source_file', '_source_row', '_exported_at'
            ],
            'values': {
            },
            'null_likes': none,
            'feeds_metrics': true,
        },
        'manual__targets': {
            'title': '人工台账 指标目标登记',
            'columns': [
                '目标编号', '指标', '周期', '周期开始', '目标值', '社群', '员工', '_source_file', '_source_row', '_exported_at'
            ],
            'values': {
                '周期': ['月', '周'],
            },
            'null_likes': none,
            'feeds_metrics': true,
        },
        'oceanengine__daily': {
            'title': '巨量引擎 项目分日报表',
            'columns': [
                '时间-天', '项目ID', '项目名称', '展示数', '点击数', '转化数', '消耗', '_source_file', '_source_row', '_exported_at'
            ],
            'values': {
            },
            'null_likes': none,
            'feeds_metrics': true,
        },
        'referral__records': {
            'title': '裂变工具 邀请记录',
            'columns': [
                'inviter', 'invitee', 'invite_code', 'invited_at', 'status', '_source_file', '_source_row',
                '_exported_at'
            ],
            'values': {
                'status': ['joined', 'invalid', 'pending'],
            },
            'null_likes': none,
            'feeds_metrics': true,
        },
        'scrm__campaign_reach': {
            'title': 'SCRM 工具 活动触达明细',
            'columns': [
                'campaign_id', 'external_userid', 'action', 'action_time', '_source_file', '_source_row',
                '_exported_at'
            ],
            'values': {
                'action': ['reach', 'sign_up', 'claim'],
            },
            'null_likes': none,
            'feeds_metrics': true,
        },
        'scrm__content_daily': {
            'title': 'SCRM 工具 社群内容日报',
            'columns': [
                'stat_date', 'content_id', 'view_cnt', 'click_cnt', 'comment_cnt', 'like_cnt', 'share_cnt',
                '_source_file', '_source_row', '_exported_at'
            ],
            'values': {
            },
            'null_likes': none,
            'feeds_metrics': true,
        },
        'scrm__content_items': {
            'title': 'SCRM 工具 社群内容清单',
            'columns': [
                'content_id', '标题', '内容类型', 'author', 'chat_id', 'campaign_id', '是否晒单', 'published_at',
                '_source_file', '_source_row', '_exported_at'
            ],
            'values': {
                '内容类型': ['短视频', '图文', '直播', '问答', '抽奖', '话题讨论'],
                '是否晒单': ['0', '1'],
            },
            'null_likes': none,
            'feeds_metrics': true,
        },
        'scrm__customer_demographics': {
            'title': 'SCRM 工具 客户画像',
            'columns': [
                'external_userid', 'age_band', 'gender', 'region', '_source_file', '_source_row', '_exported_at'
            ],
            'values': {
                'age_band': ['18-24', '25-34', '35-44', '45-54', '55+'],
                'gender': ['0', '1', '2'],
            },
            'null_likes': none,
            'feeds_metrics': false,
        },
        'scrm__link_clicks': {
            'title': 'SCRM 工具 群链接点击明细',
            'columns': [
                'external_userid', 'chat_id', 'click_time', 'link_id', 'link_type', '_source_file', '_source_row',
                '_exported_at'
            ],
            'values': {
                'link_type': ['article', 'product', 'live'],
            },
            'null_likes': none,
            'feeds_metrics': true,
        },
        'tencent_ads__daily': {
            'title': '腾讯广告 广告分日报表',
            'columns': [
                'date', 'adgroup_id', 'adgroup_name', 'view_count', 'view_user_count', 'valid_click_count', 'cost',
                'conversions_count', '_source_file', '_source_row', '_exported_at'
            ],
            'values': {
            },
            'null_likes': none,
            'feeds_metrics': true,
        },
        'wechat_channels__live_sessions': {
            'title': '视频号 直播大屏',
            'columns': [
                'export_id', 'create_time', 'end_time', 'impression_uv', 'new_watch_uv',
                'cumulative_audience_count', 'max_online_watch_uv', 'average_watch_seconds_per_audience',
                'comment_uv', 'sharing_uv', 'new_follow_uv', 'new_comment_count', 'like_count', 'sharing_count',
                'total_clk_uv', 'total_create_uv', 'total_pay_pv', 'total_pay_uv', 'total_gmv', 'refund_amount',
                '_source_file', '_source_row', '_exported_at'
            ],
            'values': {
            },
            'null_likes': none,
            'feeds_metrics': true,
        },
        'wechat_channels__videos': {
            'title': '视频号 短视频数据',
            'columns': [
                '视频描述', '视频ID', '发布时间', '完播率', '平均播放时长', '播放量', '推荐', '喜欢', '评论量', '分享量', '关注量', '转发聊天和朋友圈', '设为铃声',
                '设为状态', '设为朋友圈封面', '企微链接点击次数', '企微链接点击人数', '添加到通讯录次数', '添加到通讯录人数', '_source_file', '_source_row',
                '_exported_at'
            ],
            'values': {
            },
            'null_likes': none,
            'feeds_metrics': false,
        },
        'wechat_official__articles': {
            'title': '微信公众号 图文数据',
            'columns': [
                'ref_date', 'msgid', 'title', 'stat_date', 'read_user', 'share_user', 'like_user', 'zaikan_user',
                'comment_count', 'collection_user', '_source_file', '_source_row', '_exported_at'
            ],
            'values': {
            },
            'null_likes': none,
            'feeds_metrics': true,
        },
        'wechat_pay__bill_totals': {
            'title': '微信支付 账单汇总行',
            'columns': [
                '总交易单数', '应结订单总金额', '退款总金额', '手续费总金额', '订单总金额', '申请退款总金额', '_source_file', '_source_row',
                '_exported_at'
            ],
            'values': {
            },
            'null_likes': none,
            'feeds_metrics': false,
        },
        'wechat_pay__personal_bills': {
            'title': '微信支付 个人账单明细',
            'columns': [
                '交易时间', '交易类型', '收/支', '金额(元)', '支付方式', '当前状态', '交易单号', '商户单号', '_source_file', '_source_row',
                '_exported_at'
            ],
            'values': {
                '收/支': ['收入', '支出', '/'],
                '当前状态': ['支付成功', '已收钱', '已退款', '充值完成', '提现已到账'],
            },
            'null_likes': "'', '-', '—', '——', 'N/A', '?'",
            'feeds_metrics': false,
        },
        'wechat_pay__trade_bills': {
            'title': '微信支付 交易账单',
            'columns': [
                '交易时间', '微信订单号', '商户订单号', '用户标识', '交易类型', '交易状态', '应结订单金额', '代金券金额', '微信退款单号', '商户退款单号', '退款金额',
                '退款类型', '退款状态', '商品名称', '手续费', '费率', '订单金额', '申请退款金额', '_source_file', '_source_row', '_exported_at'
            ],
            'values': {
                '交易状态': ['SUCCESS', 'REFUND', 'REVOKED'],
                '退款状态': ['SUCCESS', 'PROCESSING', 'FAIL', 'CHANGE'],
            },
            'null_likes': none,
            'feeds_metrics': false,
        },
        'wechat_store__order_lines': {
            'title': '微信小店 订单商品明细',
            'columns': [
                'order_id', 'product_id', 'sku_id', 'title', 'sku_cnt', 'sale_price', 'real_price', 'is_free_gift',
                'on_aftersale_sku_cnt', 'finish_aftersale_sku_cnt', '_source_file', '_source_row', '_exported_at'
            ],
            'values': {
                'is_free_gift': ['0', '1'],
            },
            'null_likes': none,
            'feeds_metrics': true,
        },
        'wechat_store__orders': {
            'title': '微信小店 订单',
            'columns': [
                'order_id', 'openid', 'unionid', 'status', 'create_time', 'pay_time', 'update_time',
                'product_price', 'freight', 'discounted_price', 'order_price', '_source_file', '_source_row',
                '_exported_at'
            ],
            'values': {
                'status': ['10', '20', '21', '30', '100', '190', '200', '250'],
            },
            'null_likes': none,
            'feeds_metrics': true,
        },
        'wecom__acquisition_links': {
            'title': '企业微信 获客链接分日统计',
            'columns': [
                'link_id', 'link_name', 'stat_time', 'click_link_customer_cnt', 'new_customer_cnt', '_source_file',
                '_source_row', '_exported_at'
            ],
            'values': {
            },
            'null_likes': none,
            'feeds_metrics': false,
        },
        'wecom__consents': {
            'title': '企业微信 会话存档同意情况',
            'columns': [
                'external_userid', 'chat_id', 'agree_status', 'status_change_time', '_source_file', '_source_row',
                '_exported_at'
            ],
            'values': {
                'agree_status': ['Agree', 'Disagree', 'Default_Agree'],
            },
            'null_likes': none,
            'feeds_metrics': true,
        },
        'wecom__contact_statistics': {
            'title': '企业微信 联系客户统计',
            'columns': [
                'userid', 'stat_time', 'new_apply_cnt', 'new_contact_cnt', 'chat_cnt', 'message_cnt',
                'reply_percentage', 'avg_reply_time', 'negative_feedback_cnt', '_source_file', '_source_row',
                '_exported_at'
            ],
            'values': {
            },
            'null_likes': none,
            'feeds_metrics': true,
        },
        'wecom__customers': {
            'title': '企业微信 客户详情',
            'columns': [
                'external_userid', 'type', 'unionid', 'follow_userid', 'createtime', 'add_way', 'state',
                'remark_mobiles', '_source_file', '_source_row', '_exported_at'
            ],
            'values': {
                'type': ['1', '2'],
            },
            'null_likes': none,
            'feeds_metrics': true,
        },
        'wecom__group_chats': {
            'title': '企业微信 客户群列表',
            'columns': [
                'chat_id', 'name', 'owner', 'create_time', 'status', 'member_version', '_source_file',
                '_source_row', '_exported_at'
            ],
            'values': {
                'status': ['0', '1', '2', '3'],
            },
            'null_likes': none,
            'feeds_metrics': false,
        },
        'wecom__group_events': {
            'title': '企业微信 客户群变更事件',
            'columns': [
                'CreateTime', 'ChatId', 'ChangeType', 'UpdateDetail', 'JoinScene', 'QuitScene', 'MemChangeCnt',
                'MemChangeList', 'LastMemVer', 'CurMemVer', '_source_file', '_source_row', '_exported_at'
            ],
            'values': {
                'ChangeType': ['create', 'update', 'dismiss'],
                'UpdateDetail': ['add_member', 'del_member', 'change_owner', 'change_name', 'change_notice'],
                'JoinScene': ['0', '1', '3'],
                'QuitScene': ['0', '1'],
            },
            'null_likes': none,
            'feeds_metrics': true,
        },
        'wecom__group_members': {
            'title': '企业微信 客户群成员快照',
            'columns': [
                'chat_id', 'userid', 'type', 'unionid', 'join_time', 'join_scene', 'state', 'invitor',
                '_source_file', '_source_row', '_exported_at'
            ],
            'values': {
                'type': ['1', '2'],
                'join_scene': ['1', '2', '3'],
            },
            'null_likes': none,
            'feeds_metrics': true,
        },
        'wecom__group_statistics': {
            'title': '企业微信 群聊数据统计',
            'columns': [
                'owner', 'stat_time', 'new_chat_cnt', 'chat_total', 'chat_has_msg', 'new_member_cnt',
                'member_total', 'member_has_msg', 'msg_total', '_source_file', '_source_row', '_exported_at'
            ],
            'values': {
            },
            'null_likes': none,
            'feeds_metrics': false,
        },
        'wecom__messages': {
            'title': '企业微信 会话内容存档',
            'columns': [
                'msgid', 'seq', 'action', 'from', 'roomid', 'msgtime', 'msgtype', 'pre_msgid', 'switch_time',
                'voice_seconds', 'text_length', 'content_hash', 'is_solitaire', 'is_stop_phrase', 'terms',
                'polarity', '_source_file', '_source_row', '_exported_at'
            ],
            'values': {
                'action': ['send', 'recall', 'switch'],
            },
            'null_likes': none,
            'feeds_metrics': true,
        },
        'wecom__polls': {
            'title': '企业微信 会话内容存档（投票）',
            'columns': [
                'msgid', 'from', 'roomid', 'msgtime', 'voteid', 'votetype', '_source_file', '_source_row',
                '_exported_at'
            ],
            'values': {
                'votetype': ['101', '102'],
            },
            'null_likes': none,
            'feeds_metrics': true,
        },
        'wecom__red_packets': {
            'title': '企业微信 会话内容存档（红包）',
            'columns': [
                'msgid', 'from', 'roomid', 'msgtime', 'msgtype', 'type', 'totalcnt', 'totalamount', '_source_file',
                '_source_row', '_exported_at'
            ],
            'values': {
                'msgtype': ['redpacket', 'external_redpacket'],
                'type': ['1', '2', '3'],
            },
            'null_likes': none,
            'feeds_metrics': true,
        },
        'wecom__staff': {
            'title': '企业微信 通讯录成员',
            'columns': [
                'userid', 'department', 'position', 'status', '_source_file', '_source_row', '_exported_at'
            ],
            'values': {
                'status': ['1', '2', '4', '5'],
            },
            'null_likes': none,
            'feeds_metrics': false,
        },
        'weiban__check_ins': {
            'title': '微伴助手 群打卡明细',
            'columns': [
                'activity_id', 'chat_id', 'external_userid', 'last_check_in_time', 'total_days', 'succession_days',
                'phase', '_source_file', '_source_row', '_exported_at'
            ],
            'values': {
                'phase': ['first_entry', 'joined', 'finished'],
            },
            'null_likes': none,
            'feeds_metrics': true,
        },
        'wenjuanxing__answers': {
            'title': '问卷星 答卷明细',
            'columns': [
                '问卷编号', '序号', '提交答卷时间', '所用时间', '来源', '客户', '题号', '答案', '_source_file', '_source_row',
                '_exported_at'
            ],
            'values': {
            },
            'null_likes': none,
            'feeds_metrics': true,
        },
        'xiaoetong__learning': {
            'title': '小鹅通 学习记录',
            'columns': [
                'course_id', 'user_key', 'enroll_type', 'enrolled_at', 'lessons_total', 'lessons_finished',
                'finished_at', '_source_file', '_source_row', '_exported_at'
            ],
            'values': {
                'enroll_type': ['trial', 'paid'],
            },
            'null_likes': none,
            'feeds_metrics': true,
        },
        'xiaohongshu__notes': {
            'title': '小红书 笔记数据',
            'columns': [
                '笔记标题', '首次发布时间', '体裁', '曝光', '观看量', '封面点击率', '点赞', '评论', '收藏', '涨粉', '分享', '人均观看时长', '弹幕',
                '_source_file', '_source_row', '_exported_at'
            ],
            'values': {
                '体裁': ['图文', '视频'],
            },
            'null_likes': none,
            'feeds_metrics': false,
        },
        'youzan__coupon_uses': {
            'title': '有赞 优惠券领取与核销',
            'columns': [
                '优惠券编号', '优惠券名称', '领取时间', '使用时间', '核销订单号', '优惠金额', '买家手机号', '_source_file', '_source_row',
                '_exported_at'
            ],
            'values': {
            },
            'null_likes': none,
            'feeds_metrics': true,
        },
        'youzan__order_lines': {
            'title': '有赞 订单商品明细',
            'columns': [
                '订单号', '商品编码', '商品名称', '商品类型', '商品单价', '商品数量', '商品优惠后金额', '_source_file', '_source_row',
                '_exported_at'
            ],
            'values': {
                '商品类型': ['普通商品', '赠品'],
            },
            'null_likes': none,
            'feeds_metrics': true,
        },
        'youzan__orders': {
            'title': '有赞 订单导出',
            'columns': [
                '订单号', '订单状态', '订单类型', '订单创建时间', '买家付款时间', '交易成功时间', '商品金额合计', '运费', '店铺优惠合计', '应收订单金额', '订单实付金额',
                '全部商品名称', '商品种类数', '推广方式', '买家手机号', '订单退款状态', '订单已退款金额', '团长订单', '_source_file', '_source_row',
                '_exported_at'
            ],
            'values': {
                '订单状态': ['待付款', '待发货', '已发货', '交易完成', '交易关闭'],
                '订单类型': ['普通订单', '拼团订单', '积分兑换', '赠品订单', '测试订单'],
                '团长订单': ['是', '否'],
            },
            'null_likes': none,
            'feeds_metrics': true,
        },
    }) }}
{%- endmacro %}

{# Trimmed cells that mean nothing, as a list in SQL; an export may have a list of its own. #}
{% macro null_likes(export_name=none) -%}
    {%- set own = contracts()[export_name]['null_likes'] if export_name else none -%}
    {{ return(own or "'', '-', '—', '——', '/', 'N/A', '?'") }}
{%- endmacro %}
